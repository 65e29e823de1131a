"""What goes into a paper: figures, tables and the folder that holds them."""
