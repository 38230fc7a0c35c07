package installer

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// call makes one unary call of gRPC: it sends one message and returns the answer. gRPC
// is HTTP/2 with a prefix of five bytes before each message; the status of the call is
// in the last headers. grpc-go, or the client of net/http, would add TLS and its
// vulnerabilities to a program that runs as root, for one call on a local socket.
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
func call(conn net.Conn, method string, message []byte) ([]byte, error) {
	framer := http2.NewFramer(conn, conn)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil) // RFC 9113, 6.5.2: the initial size
	if err := send(conn, framer, method, message); err != nil {
		return nil, err
	}
	var answer []byte
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return nil, err
		}
		switch f := frame.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				err = framer.WriteSettingsAck()
			}
		case *http2.PingFrame:
			if !f.IsAck() {
				err = framer.WritePing(true, f.Data)
			}
		case *http2.GoAwayFrame:
			err = fmt.Errorf("the connection is closed: %v", f.ErrCode)
		case *http2.RSTStreamFrame:
			err = fmt.Errorf("the call is aborted: %v", f.ErrCode)
		case *http2.DataFrame:
			answer = append(answer, f.Data()...)
		case *http2.MetaHeadersFrame:
			if f.StreamEnded() {
				return result(f, answer)
			}
		}
		if err != nil {
			return nil, err
		}
	}
}

// send opens a connection and writes the request.
func send(conn net.Conn, framer *http2.Framer, method string, message []byte) error {
	const stream, window = 1, 1 << 30 // larger than any answer, so that the window is never used up
	var headers bytes.Buffer
	encoder := hpack.NewEncoder(&headers)
	for _, h := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":path", method}, {":authority", "localhost"},
		{"content-type", "application/grpc"}, {"te", "trailers"},
	} {
		if err := encoder.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}); err != nil {
			return err
		}
	}
	body := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		return err
	}
	return errors.Join(
		framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window}),
		framer.WriteWindowUpdate(0, window),
		framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: headers.Bytes(), EndHeaders: true}),
		framer.WriteData(stream, true, body),
	)
}

// errUnimplemented says that the server has no such service.
var errUnimplemented = errors.New("not implemented")

// result returns the message of an answer whose status is OK.
func result(last *http2.MetaHeadersFrame, answer []byte) ([]byte, error) {
	var status, text string
	for _, h := range last.Fields {
		switch h.Name {
		case "grpc-status":
			status = h.Value
		case "grpc-message":
			text = h.Value
		}
	}
	switch status {
	case "0":
	case "12":
		return nil, fmt.Errorf("%w: %s", errUnimplemented, text)
	default:
		return nil, fmt.Errorf("%s (code %s)", text, status)
	}
	if len(answer) < 5 {
		return nil, errors.New("no message")
	}
	return answer[5:], nil
}
