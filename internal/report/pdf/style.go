package pdf

// All lengths are PostScript points (1/72 inch). The origin is the top left
// corner of the page and y grows downwards.
const (
	mm = 72 / 25.4

	pageWidth  = 210 * mm // A4
	pageHeight = 297 * mm

	marginSide   = 22 * mm
	marginTop    = 13 * mm // to the header
	marginBottom = 12 * mm // below the footer

	bodyWidth = pageWidth - 2*marginSide
)

// rgb is a colour, eight bits a channel.
type rgb struct{ r, g, b uint8 }

// The palette: one accent on greys.
var (
	ink    = rgb{0x1c, 0x22, 0x28}
	muted  = rgb{0x57, 0x62, 0x6d}
	hair   = rgb{0xd3, 0xd9, 0xdf}
	panel  = rgb{0xf3, 0xf5, 0xf7} // behind code
	accent = rgb{0x0f, 0x4c, 0x75}
	tint   = rgb{0xea, 0xf1, 0xf6} // behind call-outs
	paper  = rgb{0xff, 0xff, 0xff}
	black  = rgb{0x00, 0x00, 0x00}
	alarm  = rgb{0xb4, 0x1f, 0x1f} // exercises, what is late
	good   = rgb{0x1f, 0x6b, 0x3a} // what was done in time
	amber  = rgb{0xb0, 0x6a, 0x00} // what is running
)

// typography is how one kind of text is set.
type typography struct {
	size, leading float64
	ink           rgb
	bold          bool
	before, after float64 // space around the block
}

// The scale. DejaVu is a wide face with a tall x-height, so its sizes are a
// step smaller than another face would need.
var (
	textBody   = typography{size: 9, leading: 13.5, ink: ink, before: 0, after: 7}
	textLead   = typography{size: 10, leading: 15, ink: muted, before: 0, after: 10}
	textTitle  = typography{size: 21, leading: 26, ink: ink, bold: true, before: 0, after: 5}
	textCode   = typography{size: 8, leading: 11.5, ink: ink, before: 2, after: 9}
	textCell   = typography{size: 8.4, leading: 12, ink: ink}
	textLabel  = typography{size: 8.4, leading: 12, ink: muted}
	textColumn = typography{size: 7.6, leading: 11, ink: accent, bold: true}
	textHeader = typography{size: 7.6, leading: 10.5, ink: muted}
	textFooter = typography{size: 6.4, leading: 8.8, ink: muted}
	textBanner = typography{size: 11, leading: 14, ink: paper, bold: true}
	textFine   = typography{size: 6.8, leading: 9.4, ink: muted}
	textFigure = typography{size: 7.2, leading: 9.6, ink: ink, bold: true}
	textPill   = typography{size: 9.4, leading: 13, ink: paper, bold: true}

	// textHeading is by level, 1 to 6.
	textHeading = [...]typography{
		{size: 16, leading: 21, ink: ink, bold: true, before: 22, after: 7},
		{size: 12, leading: 16, ink: accent, bold: true, before: 20, after: 6},
		{size: 9.6, leading: 13.5, ink: ink, bold: true, before: 13, after: 4},
		{size: 9, leading: 13, ink: muted, bold: true, before: 11, after: 3},
		{size: 8.6, leading: 12.5, ink: muted, bold: true, before: 9, after: 3},
		{size: 8.6, leading: 12.5, ink: muted, bold: true, before: 9, after: 3},
	}
)

const (
	monoScale   = 0.93 // fixed-width letters look larger than the text around them
	mostBoxes   = 8    // call-outs inside each other
	listIndent  = 17.0
	quotePad    = 8.0
	quoteIndent = 13.0
	codePad     = 7.0
	cellPadX    = 9.0 // between columns
	cellPadY    = 3.6
	keepBelow   = 54.0  // room that must be left under a heading
	leastColumn = 90.0  // nesting stops narrowing the text here
	leastCell   = 84.0  // a token wider than this may be broken to fit a column
	labelShare  = 0.33  // of a field list's width
	keepTable   = 250.  // a table up to this height is not split
	fineShare   = 0.235 // of a field list's third column
	bannerPad   = 5.0
	bannerInset = 14.0 // how much of it lies in the margin
)
