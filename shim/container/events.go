package container

// Events is told what happens to containers, in the order of the package comment. The
// methods must not block for long: the gate of a process may be held meanwhile.
type Events interface {
	Created(*Container)
	ExecAdded(*Process)
	Started(*Process)
	// OOM reports that the kernel has killed processes because memory ran out.
	OOM(*Container)
	Exited(*Process, Exit)
}
