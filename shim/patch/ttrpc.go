package main

// ttrpc, whose server keeps no stream for a call that has none.
//
// Why: the server starts a call's goroutine, then remembers its stream, and
// forgets it when the answer is sent. If the answer is faster, what is remembered
// is never forgotten, as long as the connection lives (containerd/ttrpc#236; in
// v1.2.10 too): a shim whose container has health checks grows for months.
// For a call without streaming what is remembered is nil, so there is nothing to
// remember, and all calls of the task service are such. A client that sends data
// for one got a nil pointer's panic and gets an error now.
//
// The server has no hook between the two steps.
var ttrpc = module{
	path:    "github.com/containerd/ttrpc",
	version: "v1.2.9",
	sum:     "h1:ha0ak962T0s3CA/RoZ6S6xiWZQF24GrBaEpiGX1uihg=",
	edits: []edit{{
		"server.go",
		"\t\t\t\tstreams.Store(id, sh)\n",
		"\t\t\t\tif sh != nil {\n\t\t\t\t\tstreams.Store(id, sh)\n\t\t\t\t}\n",
	}},
}
