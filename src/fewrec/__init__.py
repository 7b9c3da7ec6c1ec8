"""fewrec: recommendations from almost nothing."""
