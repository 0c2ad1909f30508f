"""A sweep told and drawn: a page to explore, what it says in words, the rows worth a look, and how runs ended."""
