package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"windshield/internal/fault"
	"windshield/internal/sampling"
)

// ReplayCmd repeats a draw from its record, without a database or a network.
type ReplayCmd struct {
	Record string `arg:"" help:"Record of a draw (windshield.draw/1), as the page of a selection gives it."`
}

// mostRecord bounds what is read: a record of 100,000 customers has some 60 MB.
const mostRecord = 1 << 30

// Run repeats the draw and says whether every byte comes out again; if not, the
// exit status is 1.
func (c *ReplayCmd) Run() error { return c.run(os.Stdout) }

func (c *ReplayCmd) run(stdout io.Writer) error {
	f, err := os.Open(c.Record)
	if errors.Is(err, fs.ErrNotExist) {
		return fault.NotFoundf("There is no file %s.", c.Record).Because(err)
	}
	if err != nil {
		return fault.Invalidf("The file %s cannot be opened.", c.Record).Because(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, mostRecord))
	if err != nil {
		return fault.Invalidf("The file %s cannot be read.", c.Record).Because(err)
	}
	same, where, err := sampling.Replay(data)
	if err != nil {
		return err
	}
	if !same {
		return fault.Invalidf("The draw does not come out as %s says: %s differs.", c.Record, where)
	}
	r, err := sampling.Decode(data)
	if err != nil {
		return err
	}
	taken := 0
	for _, row := range r.Draw.Rows {
		if row.Taken {
			taken++
		}
	}
	_, err = fmt.Fprintf(stdout, "The draw of %d comes out again, byte for byte: %d of %d customers in %d groups.\nHash of the list:    %s\nPromise of the seed: %s\nHash of the record:  %s\n",
		r.Design.Year, taken, len(r.Units), len(r.Draw.Strata), r.Hash, r.Draw.SeedCommitment, sampling.Digest(data))
	return err
}
