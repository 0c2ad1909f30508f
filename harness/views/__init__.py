"""Views: `explain`, the summary, the status, the report and the plots, drawn from a table or a record alone."""
