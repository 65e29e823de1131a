"""Selection of a signature from many radiomic features: the steps, their chain, and the regression at its end."""
