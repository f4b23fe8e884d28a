"""The client of Tencent Cloud: requests, what the responses mean, and one bucket."""
