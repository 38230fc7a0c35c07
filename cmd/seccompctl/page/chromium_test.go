package page

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// A browser is a headless Chromium that obeys the Chrome DevTools Protocol: messages in JSON,
// each followed by a NUL, on the descriptors 3 (to it) and 4 (from it).
type browser struct {
	t       *testing.T
	in      *os.File
	out     *bufio.Reader
	session string
	last    int
}

// openBrowser shows a page to a browser, and skips the test where there is none.
func openBrowser(t *testing.T, file string) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("needs chromium, to look at the page (make test-page installs it): ", err)
	}
	toBrowser, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, fromBrowser, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.MkdirTemp("", "chromium-")
	if err != nil {
		t.Fatal(err)
	}
	// --no-sandbox: root has none. The page is ours, and has no script.
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-dev-shm-usage",
		"--user-data-dir="+data, "--remote-debugging-pipe")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with all of its children
	cmd.ExtraFiles = []*os.File{toBrowser, fromBrowser}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	toBrowser.Close()
	fromBrowser.Close()
	t.Cleanup(func() {
		in.Close()
		out.Close()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may have ended when its pipe did
		_ = cmd.Wait()
		for end := time.Now().Add(10 * time.Second); os.RemoveAll(data) != nil && time.Now().Before(end); { // its children end a moment later
			time.Sleep(50 * time.Millisecond)
		}
	})
	if err := out.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, in: in, out: bufio.NewReader(out)}
	var target struct{ TargetID string }
	b.do(&target, "Target.createTarget", map[string]any{"url": "about:blank"})
	var attached struct{ SessionID string }
	b.do(&attached, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true})
	b.session = attached.SessionID
	b.do(nil, "Page.enable", nil)
	b.do(nil, "Page.navigate", map[string]any{"url": "file://" + file})
	for b.value("document.readyState") != `"complete"` || b.value("location.protocol") != `"file:"` {
		time.Sleep(10 * time.Millisecond)
	}
	return b
}

// do calls a method and waits for its result. It ignores events.
func (b *browser) do(result any, method string, params map[string]any) {
	b.t.Helper()
	b.last++
	message := map[string]any{"id": b.last, "method": method}
	if params != nil {
		message["params"] = params
	}
	if b.session != "" {
		message["sessionId"] = b.session
	}
	text, err := json.Marshal(message)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(text, 0)); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	for {
		answer, err := b.out.ReadBytes(0)
		if err != nil {
			b.t.Fatalf("%s: %v", method, err)
		}
		var reply struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if err := json.Unmarshal(answer[:len(answer)-1], &reply); err != nil {
			b.t.Fatal(err)
		}
		if reply.ID != b.last {
			continue
		}
		if reply.Error != nil {
			b.t.Fatalf("%s: %s", method, reply.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(reply.Result, result); err != nil {
				b.t.Fatal(err)
			}
		}
		return
	}
}

// value returns the value of an expression in JavaScript, as JSON. A debugger may evaluate
// one, also where the page may not have scripts.
func (b *browser) value(expression string) string {
	b.t.Helper()
	var got struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct{ Text string }
	}
	b.do(&got, "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true})
	if got.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, got.ExceptionDetails.Text)
	}
	return string(got.Result.Value)
}

func (b *browser) decode(into any, expression string) {
	b.t.Helper()
	if err := json.Unmarshal([]byte(b.value(expression)), into); err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
}

// size sets the width of the window, as on a phone or a desk, and its colours.
func (b *browser) size(width int, scheme string) {
	b.t.Helper()
	b.do(nil, "Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600})
	b.do(nil, "Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}})
	if got := b.value(fmt.Sprintf("matchMedia('(prefers-color-scheme: %s)').matches && innerWidth", scheme)); got != fmt.Sprint(width) {
		b.t.Fatalf("the window has the width %s in %s colours", got, scheme)
	}
}
