package container

// Pause freezes all processes.
func (c *Container) Pause() error {
	if err := c.init.move(OpPause, Pausing); err != nil {
		return err
	}
	// Freezing may take a while under load: no lock is held.
	if err := c.backend.pause(); err != nil {
		c.init.settle(Running)
		return translate(err)
	}
	c.init.settle(Paused)
	return nil
}

// Resume thaws what Pause froze.
func (c *Container) Resume() error {
	if err := check(OpResume, c.State()); err != nil {
		return err
	}
	if err := c.backend.resume(); err != nil {
		return translate(err)
	}
	c.init.settle(Running)
	return nil
}

// move changes the state if op is legal in the present one.
func (p *Process) move(op Op, to State) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := check(op, p.state); err != nil {
		return err
	}
	p.state = to
	return nil
}

// settle ends a pause or resume, unless the container has stopped meanwhile.
func (p *Process) settle(to State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == Pausing || p.state == Paused {
		p.state = to
	}
}
