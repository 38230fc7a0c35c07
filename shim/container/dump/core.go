package dump

import (
	"errors"
	"fmt"
	"io/fs"
)

// core is the image of a thread: images/core.proto.
type core struct {
	image  string
	task   message // nil if the thread is not the first of its process
	thread message // nil if the process had ended
}

// Fields of the messages in a core image.
const (
	coreTask, coreThread = 3, 5

	taskState                        = 1
	taskOldMode, taskOldFilter       = 11, 12
	threadMode, threadFilter         = 11, 12
	stateAlive, stateDead, stateStop = 1, 2, 3 // compel/include/uapi/task-state.h
	modeDisabled, modeStrict         = 0, 1    // SECCOMP_MODE_*
	modeFilter                       = 2
)

// readCore reads the image of a thread.
func readCore(images fs.FS, thread uint32) (core, error) {
	c := core{image: fmt.Sprintf("core-%d.img", thread)}
	m, err := readMessage(images, c.image, markCore, form{coreTask: {bytesField, optional}, coreThread: {bytesField, optional}})
	if err != nil {
		return c, err
	}
	if m.has(coreTask) {
		c.task, err = decode(m[coreTask][0].bytes, form{
			taskState:   {numberField, required},
			taskOldMode: {numberField, optional}, taskOldFilter: {numberField, optional},
		})
	}
	if err == nil && m.has(coreThread) {
		c.thread, err = decode(m[coreThread][0].bytes, form{threadMode: {numberField, optional}, threadFilter: {numberField, optional}})
	}
	if err != nil {
		return c, fmt.Errorf("%s: %w", c.image, err)
	}
	return c, nil
}

// alive reports whether CRIU restores the process of a first thread as a live process. For
// a process that had ended, CRIU makes a zombie, which executes nothing.
func (c core) alive() (bool, error) {
	if c.task == nil {
		return false, errors.New("it has no task_core")
	}
	switch state := c.task.number(taskState); state {
	case stateAlive, stateStop:
		return true, nil
	case stateDead: // CRIU saves this for a zombie, too
		return false, nil
	default:
		return false, fmt.Errorf("task_state %d is unknown", state)
	}
}

// filtered reports whether the thread has filters.
//
// CRIU before 3.10 saved one mode for the process instead of one for each thread. Newer
// versions still let these old fields override those of the first thread.
func (c core) filtered() (bool, error) {
	if c.task.has(taskOldMode) || c.task.has(taskOldFilter) {
		return false, errors.New("old_seccomp_mode or old_seccomp_filter: the checkpoint is of a CRIU before 3.10")
	}
	if c.thread == nil {
		return false, errors.New("it has no thread_core")
	}
	switch mode := c.thread.number(threadMode); mode {
	case modeDisabled, modeStrict:
		return false, nil
	case modeFilter:
		return true, nil
	default:
		return false, fmt.Errorf("seccomp_mode %d is unknown", mode)
	}
}
