"""The command `herald`: its options, questions and output. The packages below it do the work."""
