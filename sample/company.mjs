// The invented vendor: Northlight Systems sells software for planning and
// operations to large companies. Its people are named by what they do.

export const OFFICES = {
  ny: { city: "New York", state: "NY", lat: "40.7527", lon: "-73.9772" },
  chicago: { city: "Chicago", state: "IL", lat: "41.8789", lon: "-87.6359" },
  austin: { city: "Austin", state: "TX", lat: "30.2672", lon: "-97.7431" },
  sf: { city: "San Francisco", state: "CA", lat: "37.7898", lon: "-122.3942" },
};

export const EXECUTIVES = [
  { name: "Chief Executive", mailbox: "ceo", office: "ny", role: "ceo", tags: "strategy|finance|product|security|operations", assistant: "Assistant to the Chief Executive" },
  { name: "Chief Financial Officer", mailbox: "cfo", office: "ny", tags: "finance|strategy|security" },
  { name: "Chief Marketing Officer", mailbox: "cmo", office: "ny", tags: "marketing|strategy|product" },
  { name: "VP of Sales", mailbox: "vp-sales", office: "ny", role: "vp", tags: "sales|strategy|operations|product" },
  { name: "Head of Financial Services", mailbox: "financial-services", office: "ny", tags: "finance|security|data" },
  { name: "Head of Customer Success", mailbox: "customer-success", office: "ny", tags: "enablement|operations|product" },
  { name: "Member of the Board", mailbox: "board", office: "ny", tags: "strategy|finance" },
  { name: "Chief Operating Officer", mailbox: "coo", office: "chicago", tags: "operations|supply chain|strategy" },
  { name: "Head of Manufacturing", mailbox: "manufacturing", office: "chicago", tags: "operations|supply chain" },
  { name: "Head of Supply Chain", mailbox: "supply-chain", office: "chicago", tags: "supply chain|data" },
  { name: "VP Marketing Central", mailbox: "marketing-central", office: "chicago", tags: "marketing|data" },
  { name: "Sales Director Midwest", mailbox: "sales-midwest", office: "chicago", tags: "sales|operations" },
  { name: "Head of Enablement", mailbox: "enablement", office: "chicago", tags: "enablement|product" },
  { name: "Chief Technology Officer", mailbox: "cto", office: "austin", tags: "product|cloud|security|data" },
  { name: "Head of Cloud Platform", mailbox: "cloud", office: "austin", tags: "cloud|product|security" },
  { name: "Head of Security", mailbox: "security", office: "austin", tags: "security|cloud" },
  { name: "Head of Energy and Utilities", mailbox: "energy", office: "austin", tags: "energy|operations" },
  { name: "Sales Director South", mailbox: "sales-south", office: "austin", tags: "sales|energy|operations" },
  { name: "VP Engineering", mailbox: "engineering", office: "austin", tags: "product|cloud|operations" },
  { name: "Chief Product Officer", mailbox: "cpo", office: "sf", tags: "product|data|strategy" },
  { name: "Head of Product Analytics", mailbox: "analytics", office: "sf", tags: "product|data" },
  { name: "Head of Health Care", mailbox: "health-care", office: "sf", tags: "data|security|product" },
  { name: "VP Marketing West", mailbox: "marketing-west", office: "sf", tags: "marketing|product" },
  { name: "Sales Director West", mailbox: "sales-west", office: "sf", tags: "sales|cloud" },
];

// Which states a group of hosts covers, where it lives, and the name of each
// part. Earlier entries take their customers first; parts run from north to
// south, or from east to west where along is "lon".
export const TERRITORIES = [
  { states: ["NY"], only: (c) => c.city === "New York", city: "New York", cityState: "NY", hosts: ["New York Uptown", "New York Midtown", "New York Downtown"] },
  { states: ["NY"], city: "Buffalo", cityState: "NY", hosts: ["New York State"] },
  { states: ["CT", "MA", "RI"], city: "Boston", cityState: "MA", hosts: ["New England North", "New England South"] },
  { states: ["NJ"], city: "Newark", cityState: "NJ", hosts: ["New Jersey North", "New Jersey South"] },
  { states: ["PA"], along: "lon", city: "Philadelphia", cityState: "PA", hosts: ["Pennsylvania East", "Pennsylvania West"] },
  { states: ["MD", "DC", "DE"], city: "Baltimore", cityState: "MD", hosts: ["Chesapeake"] },
  { states: ["VA"], city: "Richmond", cityState: "VA", hosts: ["Virginia"] },
  { states: ["NC"], city: "Charlotte", cityState: "NC", hosts: ["Carolinas"] },
  { states: ["GA"], city: "Atlanta", cityState: "GA", hosts: ["Georgia North", "Georgia South"] },
  { states: ["FL"], city: "Tampa", cityState: "FL", hosts: ["Florida"] },
  { states: ["TN", "KY"], city: "Nashville", cityState: "TN", hosts: ["Tennessee and Kentucky"] },
  { states: ["AL", "LA"], city: "New Orleans", cityState: "LA", hosts: ["Gulf Coast"] },
  { states: ["OH"], city: "Columbus", cityState: "OH", hosts: ["Ohio North", "Ohio South"] },
  { states: ["MI", "IN"], city: "Detroit", cityState: "MI", hosts: ["Michigan", "Michigan South and Indiana"] },
  { states: ["IL"], city: "Chicago", cityState: "IL", hosts: ["Illinois North", "Illinois South"] },
  { states: ["WI"], city: "Milwaukee", cityState: "WI", hosts: ["Wisconsin"] },
  { states: ["MN"], city: "Minneapolis", cityState: "MN", hosts: ["Minnesota"] },
  { states: ["MO", "KS"], city: "St. Louis", cityState: "MO", hosts: ["Missouri and Kansas"] },
  { states: ["NE", "IA"], city: "Omaha", cityState: "NE", hosts: ["Nebraska and Iowa"] },
  { states: ["AR", "OK"], city: "Tulsa", cityState: "OK", hosts: ["Arkansas and Oklahoma"] },
  { states: ["TX"], city: "Dallas", cityState: "TX", hosts: ["Texas North", "Texas Central", "Texas South", "Texas Gulf"] },
  { states: ["CO", "UT", "ID"], city: "Denver", cityState: "CO", hosts: ["Mountain"] },
  { states: ["AZ", "NV"], city: "Phoenix", cityState: "AZ", hosts: ["Southwest"] },
  { states: ["WA", "OR"], city: "Seattle", cityState: "WA", hosts: ["Northwest"] },
  { states: ["CA"], city: "San Jose", cityState: "CA", hosts: ["California North", "Bay Area", "Silicon Valley", "California South"] },
];
