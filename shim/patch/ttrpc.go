package main

// ttrpc, whose server stores a stream only for a call with streaming.
//
// Why: the server starts a call's goroutine, then stores the call's stream in a map, and
// deletes it when the answer is sent. If the answer is sent before the stream is stored,
// the entry stays for the life of the connection (containerd/ttrpc#236; v1.2.10 has it
// too): a shim whose container has health checks grows for months. For a call without
// streaming, as all calls of the task service are, the stream is nil and need not be
// stored. A client that sends data for such a call now gets an error, where the server
// panicked with a nil pointer.
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
