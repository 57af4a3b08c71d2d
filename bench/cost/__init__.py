"""What a million mails cost besides SES's own price, from publishing to the last feedback: `make cost`.

`usage` runs the function's own code for one mail and counts what AWS would bill; `prices.toml` has the prices; `bill`
multiplies the two. `make bench` prints the same lines with the durations that it measures.
"""
