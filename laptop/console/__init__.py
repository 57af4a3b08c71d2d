"""The console of the laptop cloud: do to Herald by hand what AWS does to it by chance, and watch what becomes of it."""
