"""A model <-> a folder that a human can read: no pickle, no code, no network.

MODEL/manifest.json          what it is, how it was made, and a checksum of every other file
MODEL/arrays.npz             numbers: an uncompressed zip of NumPy arrays (`numpy.load` opens it)
MODEL/tables/items.jsonl     rows: the first line names the columns, each further line is one row
"""

from fewrec.persist.folder import FORMAT_VERSION, read_folder, read_manifest, write_folder

__all__ = ["FORMAT_VERSION", "read_folder", "read_manifest", "write_folder"]
