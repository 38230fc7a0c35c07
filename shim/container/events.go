package container

// Events hears what happens to containers, in the order of the package doc. The
// methods must not block for long: the process's gate is held meanwhile.
type Events interface {
	Created(*Container)
	ExecAdded(*Process)
	Started(*Process)
	// OOM is told when the kernel has killed processes for want of memory.
	OOM(*Container)
	Exited(*Process, Exit)
}
