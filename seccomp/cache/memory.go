package cache

import "container/list"

// memory is the cache of one process: the most recently used values within a
// limit. It is not safe for concurrent use, and its values must not be changed.
type memory struct {
	limit  Limit
	bytes  int64
	order  *list.List // of remembered, the most recently used first
	values map[Key]*list.Element
}

type remembered struct {
	key   Key
	value []byte
}

func newMemory(limit Limit) *memory {
	return &memory{limit: limit, order: list.New(), values: map[Key]*list.Element{}}
}

func (m *memory) get(key Key) ([]byte, bool) {
	e, ok := m.values[key]
	if !ok {
		return nil, false
	}
	m.order.MoveToFront(e)
	return e.Value.(remembered).value, true
}

func (m *memory) put(key Key, value []byte) {
	m.remove(key)
	if !m.limit.allows(int64(len(value))) {
		return // it would drive out all others first
	}
	m.values[key] = m.order.PushFront(remembered{key, value})
	m.bytes += int64(len(value))
	for m.order.Len() > m.limit.Entries || m.bytes > m.limit.Bytes {
		m.remove(m.order.Back().Value.(remembered).key)
	}
}

func (m *memory) remove(key Key) {
	if e, ok := m.values[key]; ok {
		m.bytes -= int64(len(m.order.Remove(e).(remembered).value))
		delete(m.values, key)
	}
}
