"""Two other ways to send one mail for one event, in the crash matrix that Herald is in."""
