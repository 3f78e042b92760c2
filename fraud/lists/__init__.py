"""Lists that a judgment leans on: networks, e-mail domains, referrers, countries, words; pure but for reading a file.

Nobody is asked over the network. What is matched is never kept here: a caller hands in an address and gets an answer.
"""
