"""What back-propagation does to each weight of one network: recorded as a table, printed, drawn."""
