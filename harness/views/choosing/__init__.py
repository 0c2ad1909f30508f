"""Which setting to take: settings ranked, what decides it, and one against another; never by the test part."""
