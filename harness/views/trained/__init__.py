"""The network of a row, taken away: it predicts, and is written down for other programs."""
