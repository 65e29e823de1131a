"""The paper's report: its tables and figures from logged predictions."""
