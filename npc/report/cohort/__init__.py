"""Reports on a cohort: the flow of patients, image consistency and the agreement of readers."""
