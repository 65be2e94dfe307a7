package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"windshield/internal/fault"
	"windshield/internal/planning"
)

// readFile reads a problem or a solution from a file. Errors name the file.
func readFile[T any](path string, read func(io.Reader) (*T, error)) (*T, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.NotFoundf("There is no file %s.", path).Because(err)
	}
	if err != nil {
		return nil, fault.Invalidf("The file %s cannot be opened.", path).Because(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fault.Invalidf("%s is a folder; a file was expected.", path)
	}
	v, err := read(f)
	var known *fault.Error
	if errors.As(err, &known) {
		named := *known
		named.Text = path + ": " + known.Text
		return nil, &named
	}
	return v, err
}

// writeSolution writes the solution whole or not at all: readers of path see the old
// file or the new one, never a part. What is no file, such as /dev/null or a pipe, is
// written to as it is: a file must not take its place.
func writeSolution(path string, s *planning.Solution) (err error) {
	if i, err := os.Stat(path); err == nil && !i.Mode().IsRegular() && !i.IsDir() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return fault.Invalidf("%s cannot be written to.", path).Because(err)
		}
		if err := errors.Join(s.Write(f), f.Close()); err != nil {
			return fault.Temporaryf("The solution could not be written to %s.", path).Because(err)
		}
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fault.Invalidf("The folder of %s cannot be written to.", path).Because(err)
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if err = errors.Join(s.Write(f), f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return fault.Temporaryf("The solution could not be written to %s.", path).Because(err)
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return fault.Invalidf("The solution could not be written to %s.", path).Because(err)
	}
	return nil
}
