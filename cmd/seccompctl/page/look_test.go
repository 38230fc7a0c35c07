package page

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A box is where the browser draws an element.
type box struct {
	Text                     string
	Left, Top, Right, Bottom float64
	Border                   string // the colour of its left edge
}

func boxes(b *browser, selector string) (all []box) {
	b.decode(&all, fmt.Sprintf(`[...document.querySelectorAll(%q)].map(e => { const r = e.getBoundingClientRect();
		return {Text: e.innerText, Left: r.left + scrollX, Top: r.top + scrollY, Right: r.right + scrollX, Bottom: r.bottom + scrollY, Border: getComputedStyle(e).borderLeftColor}; })`, selector))
	return all
}

// A person can read the page: on a phone and on a desk, in both colour schemes, without
// scripts. Hostile names are text.
func TestLook(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(written(t, subject(t))), 0o600); err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t, file)
	b.do(nil, "Emulation.setScriptExecutionDisabled", map[string]any{"value": true})
	if got := b.value("typeof owned + document.querySelectorAll('script, img, iframe, link').length"); got != `"undefined0"` {
		t.Errorf("a hostile name has become an element: %s", got)
	}
	var title, text string
	b.decode(&title, "document.title")
	b.decode(&text, "document.body.innerText")
	if !strings.Contains(title, `<img src=x onerror=`) || !strings.Contains(text, `<script>owned=1</script>`) {
		t.Errorf("the name is not shown: %s", title)
	}
	for _, want := range []string{"ALLOW if family == AF_UNIX", "KILL_PROCESS if cmd == TCGETS", "Only this profile lets through: ", "note: upper-bits-refused", "numbers above exit_group (231) fail with ENOSYS"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q: %s", want, text)
		}
	}
	for _, width := range []int{360, 1200} {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(fmt.Sprintf("%d %s", width, scheme), func(t *testing.T) {
				b.t = t
				b.size(width, scheme)
				mustFit(t, b, width)
				mustContrast(t, b, scheme)
				mustBeDrawn(t, b)
			})
		}
	}
}

// mustFit checks that nothing is wider than the window, and that no box of a syscall lies on
// another.
func mustFit(t *testing.T, b *browser, width int) {
	t.Helper()
	if got := b.value("document.documentElement.scrollWidth"); got != fmt.Sprint(width) {
		t.Errorf("the page has the width %s in a window of %d", got, width)
	}
	calls := boxes(b, ".call")
	if len(calls) < 5 {
		t.Errorf("%d syscalls have boxes", len(calls))
	}
	for i, one := range calls {
		if one.Left < 0 || one.Right > float64(width) || one.Right-one.Left < 20 || one.Bottom-one.Top < 15 {
			t.Errorf("%+v is not inside of the window", one)
		}
		for _, other := range calls[:i] {
			if one.Left < other.Right && other.Left < one.Right && one.Top < other.Bottom && other.Top < one.Bottom {
				t.Errorf("%+v lies on %+v", one, other)
			}
		}
	}
}

// mustContrast checks that texts have the contrast of WCAG 2.2, 1.4.3, on their background.
func mustContrast(t *testing.T, b *browser, scheme string) {
	t.Helper()
	var page, text string
	b.decode(&page, "getComputedStyle(document.body).backgroundColor")
	if dark := luminance(t, page) < 0.5; dark != (scheme == "dark") {
		t.Errorf("the background is %s", page)
	}
	for _, selector := range []string{"body", "dt", "h3", ".abi", ".mark", ".call", ".box"} {
		b.decode(&text, fmt.Sprintf("getComputedStyle(document.querySelector(%q)).color", selector))
		lighter, darker := luminance(t, text), luminance(t, page)
		if lighter < darker {
			lighter, darker = darker, lighter
		}
		if ratio := (lighter + 0.05) / (darker + 0.05); ratio < 4.5 {
			t.Errorf("%s: %s on %s has the contrast %.1f", selector, text, page, ratio)
		}
	}
}

// luminance is the relative luminance of a colour in CSS, such as rgb(1, 2, 3).
func luminance(t *testing.T, css string) float64 {
	t.Helper()
	c := parseColour(t, css)
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v := float64([]uint8{c.R, c.G, c.B}[i]) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}

func parseColour(t *testing.T, css string) color.RGBA {
	t.Helper()
	c := color.RGBA{A: 255}
	if _, err := fmt.Sscanf(css, "rgb(%d, %d, %d)", &c.R, &c.G, &c.B); err != nil {
		t.Fatalf("%s: %v", css, err)
	}
	return c
}

// mustBeDrawn compares a screenshot with the boxes: the edges of what is allowed and of what
// is refused have colours of their own.
func mustBeDrawn(t *testing.T, b *browser) {
	t.Helper()
	var shot struct{ Data string }
	b.do(&shot, "Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true})
	raw, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, selector := range []string{".allowed .call", ".refused .call", ".box"} {
		drawn := 0
		for _, one := range boxes(b, selector) {
			at := image.Pt(int(one.Left)+1, int(one.Top+one.Bottom)/2)
			if !at.In(picture.Bounds()) {
				continue // below what the screenshot has
			}
			drawn++
			want := parseColour(t, one.Border)
			r, g, bl, _ := picture.At(at.X, at.Y).RGBA()
			if got := (color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(bl >> 8), 255}); got != want {
				t.Errorf("%s %q: the edge is drawn as %v, not %v", selector, one.Text, got, want)
			}
			seen[one.Border] = true
		}
		if drawn == 0 {
			t.Errorf("no %s is drawn in %v", selector, picture.Bounds())
		}
	}
	if len(seen) < 3 {
		t.Errorf("the edges have the colours %v", seen)
	}
}
