package intake

import "fmt"

// where names a place in a file as people see it.
func where(line int, column string) string {
	if column == "" {
		return fmt.Sprintf("row %d", line)
	}
	return fmt.Sprintf("row %d, column %s", line, column)
}

// columnName gives a column's header, or its letter as spreadsheets show it.
func columnName(headers []string, column int) string {
	if column >= 0 && column < len(headers) && headers[column] != "" {
		return headers[column]
	}
	name := ""
	for column++; column > 0; column = (column - 1) / 26 {
		name = string(rune('A'+(column-1)%26)) + name
	}
	return name
}
