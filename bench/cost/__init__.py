"""What a million mails cost beside SES's own price, from publishing to the last feedback: `make cost`.

`usage` plays one mail with the function's own code and counts what AWS would bill; `prices.toml` says what each costs;
`bill` multiplies the two. `make bench` prints the same lines with the durations that it measures.
"""
