"""From many radiomic features to a signature: steps of selection, their chain, and the regression at its end."""
