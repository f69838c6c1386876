package significance

import (
	"slices"
	"strings"
	"time"
)

// EntityType is a kind of provider that Art. 1 of Implementing Regulation (EU)
// 2024/2690 names (a "relevant entity").
type EntityType string

// EntityTypes are all of them, in the order of the Regulation's articles.
var EntityTypes = []EntityType{
	"dns_service_provider", "tld_name_registry", "cloud_computing_service_provider", "data_centre_service_provider",
	"content_delivery_network_provider", "managed_service_provider", "managed_security_service_provider",
	"online_marketplace", "online_search_engine", "social_networking_services_platform", "trust_service_provider",
}

// otherNames are what people write instead.
var otherNames = map[string]EntityType{
	"dns": "dns_service_provider", "tld": "tld_name_registry", "tldregistry": "tld_name_registry",
	"cloud": "cloud_computing_service_provider", "cloudprovider": "cloud_computing_service_provider",
	"cloudserviceprovider": "cloud_computing_service_provider", "cloudcomputing": "cloud_computing_service_provider",
	"datacentre": "data_centre_service_provider", "datacenter": "data_centre_service_provider", "datacenterserviceprovider": "data_centre_service_provider",
	"datacentreprovider": "data_centre_service_provider", "cdn": "content_delivery_network_provider", "contentdeliverynetwork": "content_delivery_network_provider",
	"msp": "managed_service_provider", "mssp": "managed_security_service_provider",
	"marketplace": "online_marketplace", "onlinemarketplaceprovider": "online_marketplace",
	"searchengine": "online_search_engine", "onlinesearchengineprovider": "online_search_engine",
	"socialnetwork": "social_networking_services_platform", "socialnetworkingplatform": "social_networking_services_platform",
	"trustservice": "trust_service_provider", "tsp": "trust_service_provider",
}

// ParseEntityType reads a type however it is spelt: "Cloud computing service
// provider", "cloud-computing-service-provider" and "cloud" are one. It is
// false for what the Regulation does not name.
func ParseEntityType(s string) (EntityType, bool) {
	plain := letters(s)
	for _, t := range EntityTypes {
		if letters(string(t)) == plain {
			return t, true
		}
	}
	t, ok := otherNames[plain]
	return t, ok
}

// letters drops what separates words, and case.
func letters(s string) string {
	return strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(strings.TrimSpace(s)))
}

// Profile is what the law makes of an entity.
type Profile struct {
	// Types are those of the Regulation that it is; none for an entity outside
	// it. One that is several meets the criteria of each.
	Types []EntityType
	// Zone is the authority's, for calendar weeks and days; nil for UTC.
	Zone *time.Location
}

// Relevant reports whether Implementing Regulation (EU) 2024/2690 applies.
func (p Profile) Relevant() bool { return len(p.Types) > 0 }

// covers reports whether a criterion for those types applies to the entity.
func (p Profile) covers(types []string) bool {
	return len(types) == 0 || slices.ContainsFunc(types, func(t string) bool {
		return t == anyRelevant && p.Relevant() || t == anyOther && !p.Relevant() || slices.Contains(p.Types, EntityType(t))
	})
}

// In the table these stand for every entity inside and outside the Regulation.
const (
	anyRelevant = "relevant"
	anyOther    = "other"
)

func (p Profile) zone() *time.Location {
	if p.Zone == nil {
		return time.UTC
	}
	return p.Zone
}
