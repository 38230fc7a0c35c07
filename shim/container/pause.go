package container

// Pause freezes all processes.
func (c *Container) Pause() error {
	if err := c.move(OpPause, Pausing); err != nil {
		return err
	}
	// Freezing may take a while under load: no lock is held.
	if err := c.lc.Pause(); err != nil {
		c.settle(Running)
		return translate(err)
	}
	c.settle(Paused)
	return nil
}

// Resume thaws what Pause froze.
func (c *Container) Resume() error {
	c.mu.Lock()
	err := check(OpResume, c.state)
	c.mu.Unlock()
	if err != nil {
		return err
	}
	if err := c.lc.Resume(); err != nil {
		return translate(err)
	}
	c.settle(Running)
	return nil
}

// move changes the state if op is legal in the present one.
func (c *Container) move(op Op, to State) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := check(op, c.state); err != nil {
		return err
	}
	c.state = to
	return nil
}

// settle ends a pause or resume, unless the container has stopped meanwhile.
func (c *Container) settle(to State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == Pausing || c.state == Paused {
		c.state = to
	}
}
