package gcal

import (
	"context"
	"strconv"
	"time"

	"google.golang.org/api/calendar/v3"
	"google.golang.org/api/googleapi"

	"windshield/internal/calsync"
)

var _ calsync.Watcher = (*Client)(nil)

// Watch implements calsync.Watcher. The parameters are those of List: a channel
// announces what a list with them would show.
func (c *Client) Watch(ctx context.Context, cal string, o calsync.Opening) (calsync.Opened, error) {
	ask := &calendar.Channel{Id: o.ID, Type: "web_hook", Address: o.Address, Token: o.Token}
	if o.Life > 0 {
		ask.Params = map[string]string{"ttl": strconv.FormatInt(int64(o.Life/time.Second), 10)}
	}
	got, err := do(ctx, c, "watch", request{}, false, func(ctx context.Context, opts ...googleapi.CallOption) (*calendar.Channel, error) {
		return c.svc.Events.Watch(cal, ask).SingleEvents(true).Context(ctx).Do(opts...)
	})
	if err != nil {
		return calsync.Opened{}, err
	}
	out := calsync.Opened{Resource: got.ResourceId}
	if got.Expiration > 0 {
		out.Expires = time.UnixMilli(got.Expiration).UTC()
	}
	return out, nil
}

// StopChannel implements calsync.Watcher.
func (c *Client) StopChannel(ctx context.Context, id, resource string) error {
	_, err := do(ctx, c, "stop", request{}, false, func(ctx context.Context, opts ...googleapi.CallOption) (struct{}, error) {
		return struct{}{}, c.svc.Channels.Stop(&calendar.Channel{Id: id, ResourceId: resource}).Context(ctx).Do(opts...)
	})
	return err
}
