package bpf

import "testing"

// Each constant action is replaced, and the program that it came from keeps its own.
func TestAnswering(t *testing.T) {
	var a Assembler
	a.Load(OffsetNr)
	a.If(Equal, 1, "one", Next)
	a.Return(ErrnoOf(1))
	a.Mark("one")
	a.Return(Allow)
	before, err := a.Program()
	if err != nil {
		t.Fatal(err)
	}
	after := before.Answering(func(action Action) Action {
		if action.Kind() == Errno {
			return UserNotif
		}
		return action
	})
	for nr, want := range map[uint32][2]Action{0: {ErrnoOf(1), UserNotif}, 1: {Allow, Allow}} {
		if got := [2]Action{before.Run(Data{Nr: nr}), after.Run(Data{Nr: nr})}; got != want {
			t.Errorf("number %d: got %v, want %v", nr, got, want)
		}
	}
}
