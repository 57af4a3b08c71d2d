"""Two other handlers that send one mail for one event, tested in the same crash matrix as Herald."""
