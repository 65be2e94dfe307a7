package client_test

import (
	"context"
	"fmt"
	"strings"

	"windshield/api/client"
)

// Sign in with the token of a mailed link, bring customers, and publish a plan.
func Example() {
	ctx := context.Background()
	run := func() error {
		c, err := client.New("https://visits.example", nil)
		if err != nil {
			return err
		}
		in, err := c.SignInWithResponse(ctx, client.SignInJSONRequestBody{Token: "6f1ed002ab5595859014ebf0951522d9"})
		if err != nil {
			return err
		}
		if err := client.Check(in); err != nil {
			return err
		}

		contentType, body, err := client.Form(client.ImportKindCustomers, "customers.csv", strings.NewReader("key,name,city,country\nc1,Alpine Instruments,Zürich,CH\n"))
		if err != nil {
			return err
		}
		key := "customers-2027-01-04"
		uploaded, err := c.UploadImportWithBodyWithResponse(ctx, &client.UploadImportParams{IdempotencyKey: &key}, contentType, body)
		if err != nil {
			return err
		}
		if err := client.Check(uploaded); err != nil {
			return err
		}
		if report := uploaded.JSON201.Report; report == nil || !report.Ok {
			return fmt.Errorf("the file needs mending: %+v", report)
		}
		confirmed, err := c.ConfirmImportWithResponse(ctx, uploaded.JSON201.Id, &client.ConfirmImportParams{IfMatch: client.Match(uploaded.JSON201.Version)})
		if err != nil {
			return err
		}
		return client.Check(confirmed)
	}
	if err := run(); err != nil {
		fmt.Println(err)
	}
}
