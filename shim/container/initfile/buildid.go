package initfile

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
)

var errNoBuildID = errors.New("it has no Go build ID")

// readBuildID returns the Go build ID of an ELF file. It is the text of an ELF note.
func readBuildID(file io.ReaderAt) (string, error) {
	binary, err := elf.NewFile(file)
	if err != nil {
		return "", fmt.Errorf("it is no ELF file: %w", err)
	}
	section := binary.Section(".note.go.buildid")
	if section == nil {
		return "", errNoBuildID
	}
	note, err := section.Data()
	if err != nil {
		return "", err
	}
	// The lengths of name and text and a type, of four bytes each, then the name, which is
	// Go and two zeros.
	const header = 4 + 4 + 4 + 4
	if len(note) < header {
		return "", errNoBuildID
	}
	length := binary.ByteOrder.Uint32(note[4:])
	text := note[header:]
	if uint64(length) > uint64(len(text)) {
		return "", errNoBuildID
	}
	return string(text[:length]), nil
}
