"""Speaking to shops: one port for all of them, one package for each; knows no database."""
