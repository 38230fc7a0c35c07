package load

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Order says what a process is to run under.
type Order struct {
	// Program is an array of struct sock_filter in the host's byte order; empty for
	// a process without a filter.
	Program []byte
	// Flags are SECCOMP_FILTER_FLAG_*. With NEW_LISTENER the listener is handed over.
	Flags uint32
}

// An order on its way: this mark, the flags, the program.
const orderMark = "seccomp1"

const (
	instructionSize = 8
	maxOrder        = len(orderMark) + 4 + 4096*instructionSize
)

func (o Order) encode() []byte {
	return append(binary.NativeEndian.AppendUint32([]byte(orderMark), o.Flags), o.Program...)
}

func decodeOrder(raw []byte) (Order, error) {
	const header = len(orderMark) + 4
	if len(raw) < header || string(raw[:len(orderMark)]) != orderMark {
		return Order{}, errors.New("no order has come from the shim")
	}
	o := Order{Flags: binary.NativeEndian.Uint32(raw[len(orderMark):]), Program: raw[header:]}
	if len(o.Program)%instructionSize != 0 {
		return Order{}, fmt.Errorf("the order is cut off: %d bytes of program", len(o.Program))
	}
	return o, nil
}
