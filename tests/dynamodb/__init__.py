"""What DynamoDB answers, case by case: the table with memory and both emulators are held to it.

Expected is what AWS documents and, where its pages are silent, what ScyllaDB's Alternator tests found of the real
service (https://github.com/scylladb/scylladb/tree/master/test/alternator). What an emulator answers otherwise
stands beside the case with the reason; a test fails when that no longer holds.
"""
