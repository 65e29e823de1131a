"""From logged predictions to prognosis: the choice of runs, clinical and combined models, risk groups, treatment."""
