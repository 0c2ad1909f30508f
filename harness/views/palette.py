"""The colours that stills and pages share: scales from dark to light, lines apart for all eyes, one for each status."""

from __future__ import annotations

from harness.network.runs import Status

SCALES = {
    "loss": ("#081d58", "#253494", "#225ea8", "#1d91c0", "#41b6c4", "#7fcdbb", "#c7e9b4", "#edf8b1"),
    "number": ("#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"),
    "settled": ("#3f007d", "#54278f", "#6a51a3", "#807dba", "#9e9ac8", "#bcbddc", "#dadaeb"),
    "diverged": ("#800026", "#bd0026", "#e31a1c", "#fc4e2a", "#fd8d3c", "#feb24c", "#fed976"),
}
"""Colours at equal distances, ColorBrewer's and of viridis. Dark is low: far down in loss, soon settled, soon diverged.
"""
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's colours."""
CLASSES = (*LINES, "#4d4d4d")
"""The colours of classes: for colour-blind eyes, too, any two are apart by 19 and more (CIE Lab)."""
GREW = "#cc79a7"
"""The colour of rows that end above the loss of their first epoch."""
STATUS_COLOURS = {
    Status.RAN: "#5fb8a4",
    Status.SETTLED: "#3f007d",
    Status.DIVERGED: "#b83d00",
    Status.STOPPED: "#ffeda0",
}
"""In the order of the legends. The lightness of the colours differs by more than 20 (CIE Lab), in grey and for people
who do not tell red from green, so that no hatching is needed, which would cover numbers that are drawn as colours.
"""
