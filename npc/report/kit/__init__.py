"""What every report is made of: figures, tables, pages and the folder that holds them."""
