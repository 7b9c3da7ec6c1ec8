"""How good and how fast fewrec is, with the commands that say so. Not part of the package."""
