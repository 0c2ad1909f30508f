"""The store: what the tables hold (`schema`), how a block becomes rows (`tables`), where they lie (`folder`)."""
