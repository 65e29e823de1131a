"""What a reviewer asks for: checklists, a methods paragraph, a model card, and the tables of a statistician."""
