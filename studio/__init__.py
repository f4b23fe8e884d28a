"""The function and the local cloud put together: `make demo` and the live page of `make serve`.

__main__       `python -m studio demo | serve`
demo           the command: videos and settings -> pictures in a folder, a report, an exit status
serve          the command: a cloud and its page until Ctrl-C
videos         VIDEO as typed -> the files it names
run            videos and settings -> one run of the cloud, as values
client         a bucket through the SDK: upload, list, download
folder         stored objects -> files below one folder
manifest       the manifest's JSON -> values
function_log   the function's log -> outcomes, reasons, phases
report         a run -> lines for a terminal
page           manifests, failures and phases -> one HTML document (page.html, products.html, page.css)
live           the objects of a cloud now -> the same document with a drop area (live.html, live.js)
site           the page and the browser's uploads, as a request handler of the cloud
snippets       address and credentials -> an upload in Python, Node and curl
progress       a bar on a terminal for each long step
screenshots    the README's pictures of the page, by Chromium
"""
